"""What a help desk may promise, how its tickets are numbered, and the words it saves. Pure."""
