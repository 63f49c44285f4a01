"""Real resolvers: what the package index has, and what fits together by the packages' own requirements."""
