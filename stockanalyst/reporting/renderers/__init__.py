"""What makes files of a report; only ``bootstrap`` names these modules."""
