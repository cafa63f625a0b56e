"""Elements of tensors, one by one. Most tensors of a lesson are single numbers: of these no operation is asked at a tick."""

from __future__ import annotations

import torch


def element_of(tensor: torch.Tensor, at: int) -> float:
    """The number at a flat index."""
    return tensor.item() if tensor.numel() == 1 else tensor.reshape(-1)[at].item()


def numbers_of(tensor: torch.Tensor) -> list:
    """All numbers, flat."""
    return [tensor.item()] if tensor.numel() == 1 else tensor.reshape(-1).tolist()


def changed_at(tensor: torch.Tensor, at: int, number: float) -> torch.Tensor:
    """A copy with another number at a flat index."""
    if tensor.numel() == 1:
        return single(number, tensor)
    changed = tensor.clone(memory_format=torch.contiguous_format)
    changed.view(-1)[at] = torch.tensor(number, dtype=tensor.dtype)
    return changed


def single(number: float, like: torch.Tensor) -> torch.Tensor:
    """A number in the dtype and the shape of another one; inf where the dtype has none so large (`full_like` raises there)."""
    if like.dtype == torch.float64:
        return torch.full_like(like, number)
    return torch.tensor(number, dtype=like.dtype).view(like.shape)


def copy_of(tensor: torch.Tensor) -> torch.Tensor:
    """A copy outside autograd's graph."""
    return (tensor.detach() if tensor.requires_grad else tensor).clone()


def total_of(tensor: torch.Tensor) -> float:
    """The sum of all elements."""
    return tensor.item() + 0 if tensor.numel() == 1 else tensor.sum().item()  # + 0: a bool counts as a number


def are_equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors of a dtype have the same shape and the same numbers; nan is never the same."""
    if one.numel() == 1 and one.shape == other.shape:
        return one.item() == other.item()
    return torch.equal(one, other)
