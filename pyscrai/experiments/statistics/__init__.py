"""Statistics of paired experiments: plain numbers in, plain numbers out. Needs the extra ``experiments``."""
