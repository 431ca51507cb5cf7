"""Who receives visitors when (领导接访): read from calendar files, shown to whoever puts it onto a screen."""
