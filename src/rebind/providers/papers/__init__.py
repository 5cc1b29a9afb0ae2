"""The workshop in which people's documents are opened: a child process for each, with little memory
and little time, that reads one document from its input and answers with a harmless copy."""
