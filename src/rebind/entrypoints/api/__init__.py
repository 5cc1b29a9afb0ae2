"""The JSON API: `/api/v1`, described at `/openapi.json`; one shape for every journey."""
