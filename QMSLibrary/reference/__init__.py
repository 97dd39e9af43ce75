"""The reference QMS: four services that keep the contract."""
