"""The workshop in which people's documents are opened: a child process for each, which has little
memory, little time and nothing to reach, reads one document and answers with a harmless copy."""
