"""The built-in plugins. They come in as a stranger's do: through the entry-point group `wasmlathe.plugins`."""
