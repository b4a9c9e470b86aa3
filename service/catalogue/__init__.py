"""The live articles of this process: ids, vectors, filter columns, and the index over them."""
