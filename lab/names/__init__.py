"""Which names releases of one package take from another at import, and which releases of the other have them.

Nothing is run: wheels are downloaded, and their sources read as syntax trees.
"""
