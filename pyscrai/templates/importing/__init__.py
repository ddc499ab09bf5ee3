"""Templates from other formats: characters and personas, groups, teams, arenas, tasks, and the original PyScrAI's."""
