"""The read side: the only way a number reaches a person, so that screen, file and mail agree."""
