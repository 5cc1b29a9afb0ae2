"""The versions in their order. A version that was released is never edited again."""
