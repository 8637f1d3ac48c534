"""The finance lexicon: its words, how they are read out of a text, and how they add up."""
