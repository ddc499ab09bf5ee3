"""What every error code means, a module for each moment in which things go wrong."""
