"""Training: the only folder that imports torch (install it with `pip install 'scenetext[train]'`)."""
