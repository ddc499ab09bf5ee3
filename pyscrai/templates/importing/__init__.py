"""Templates from other formats: TinyTroupe agents, Character Cards V2 and V3, and the original PyScrAI templates."""
