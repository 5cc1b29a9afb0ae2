"""Where encrypted documents rest: a folder (`folder.py`) or a bucket that speaks S3 (`s3.py`);
`places.py` reads which."""
