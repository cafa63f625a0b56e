"""The lessons' questions that are no derivative: `check(answer, lesson_5.third_gradient)`. One module for each notebook."""
