"""Where one repays: which entries work now, links that lead there, and closing an entry without leaving anybody out."""
