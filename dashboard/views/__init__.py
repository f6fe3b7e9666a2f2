"""The screens, one module each, with one function `show`."""
