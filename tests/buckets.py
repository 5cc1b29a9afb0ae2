"""A private S3 service for the tests of a module: moto's, in a thread of this process, on loopback.
It checks signatures and rights as Amazon does once a user exists."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rebind.providers.blobs.places import Bucket
from tests.clusters import free_port

REGION = "eu-north-1"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Service:
    """`access_key` and `secret_key` are those of a user who may do everything in the bucket."""

    def __init__(self, url: str) -> None:
        import boto3  # type: ignore[import-untyped]

        self.url = url
        self._session: Any = boto3.Session("first", "secret", region_name=REGION)
        users = self._client("iam")
        users.create_user(UserName="rebind")
        users.put_user_policy(UserName="rebind", PolicyName="all", PolicyDocument=json.dumps(ALL))
        key = users.create_access_key(UserName="rebind")["AccessKey"]
        self.access_key, self.secret_key = key["AccessKeyId"], key["SecretAccessKey"]
        self._session = boto3.Session(self.access_key, self.secret_key, region_name=REGION)
        self._s3 = self._client("s3")

    def bucket(self, name: str, prefix: str = "") -> Bucket:
        """A new one."""
        self._s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        return Bucket(name, REGION, self.url, prefix)

    def objects(self, bucket: Bucket) -> dict[str, bytes]:
        """All that can be read there."""
        listed = self._s3.list_objects_v2(Bucket=bucket.name).get("Contents", [])
        return {
            each["Key"]: self._s3.get_object(Bucket=bucket.name, Key=each["Key"])["Body"].read()
            for each in listed
        }

    def uploads(self, bucket: Bucket) -> list[str]:
        """Uploads that were begun and neither ended nor given up."""
        found = self._s3.list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])
        return [each["Key"] for each in found]

    def put(self, bucket: Bucket, name: str) -> None:
        """Somebody else's object."""
        self._s3.put_object(Bucket=bucket.name, Key=name, Body=b"not ours")

    def _client(self, name: str) -> Any:
        return self._session.client(name, endpoint_url=self.url)


@contextmanager
def serving() -> Iterator[Service]:
    """A service until the block ends."""
    # How many calls pass unchecked: making the user, its rights and its key.
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    try:
        yield Service("http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()
