"""Cannot pay in time? We can talk: the pages that offer a way and say what each costs."""
