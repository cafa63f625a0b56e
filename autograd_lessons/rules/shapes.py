"""Operations that only move elements: each element of the result is one of the operands', or a number of the call's own.

They need no formula: `moves` finds where each element came from.
"""

from __future__ import annotations

MOVES = frozenset(
    """
    T adjoint as_strided atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors broadcast_to cartesian_prod cat chunk
    column_stack combinations concat concatenate contiguous copy diag diag_embed diagflat diagonal diagonal_scatter dsplit dstack embedding
    expand expand_as fill fill_diagonal flatten flip fliplr flipud gather getitem H hsplit hstack index_copy index_fill
    index_put index_select linalg_diagonal masked_fill masked_scatter masked_select meshgrid moveaxis movedim mH mT narrow
    narrow_copy pad permute pixel_shuffle pixel_unshuffle put ravel repeat repeat_interleave reshape reshape_as roll rot90 row_stack
    scatter select select_scatter setitem slice_scatter split split_with_sizes squeeze stack swapaxes swapdims t take
    take_along_dim tensor_split tile transpose tril triu unbind unflatten unfold unsqueeze view view_as vsplit vstack zero
    """.split()
)

ANSWERS = {
    "embedding": lambda *_, padding_idx=None, max_norm=None, **__: padding_idx is None and max_norm is None,
    "index_put": lambda *args, accumulate=False, **_: not (accumulate or args[-1] is True),
    "put":       lambda *args, accumulate=False, **_: not (accumulate or args[-1] is True),
}  # fmt: skip
