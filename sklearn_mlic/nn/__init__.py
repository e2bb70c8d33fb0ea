"""Plain torch modules: backbones, heads, losses. Nothing here knows scikit-learn or skorch."""
