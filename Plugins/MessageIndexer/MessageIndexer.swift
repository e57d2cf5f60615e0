// MessageIndexer
