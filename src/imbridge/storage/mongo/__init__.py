"""A storage in MongoDB. Importing it loads pymongo: `imbridge.storage` does it late."""

from imbridge.storage.mongo.storage import MongoStorage

__all__ = ["MongoStorage"]
