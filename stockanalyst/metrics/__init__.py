"""Numbers of the field, one stated definition each."""
