import numpy

NOT_FOUND = -1


class WordIndex:
    """A hash table that gives words the numbers 0, 1, ... in the order they are added, and looks
    up many words at once. Words are only ever added, by one thread at a time. Meanwhile others may
    look up words: they find a word's number, or not yet.

    capacity (int): The most words it can hold.
    """

    def __init__(self, capacity: int) -> None:
        # At least half of the slots stay free, so that most words are at the first place to look.
        n_slots = 2 << (2 * capacity).bit_length()
        self.capacity = capacity
        self._mask = numpy.int64(n_slots - 1)
        self._words = numpy.zeros(n_slots, dtype="uint64")
        self._numbers = numpy.full(n_slots, NOT_FOUND, dtype="int32")
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def find(self, words: numpy.ndarray) -> numpy.ndarray:
        """Look up words.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        RETURNS (numpy.ndarray): Their int32 numbers, or NOT_FOUND. Shape (n,).
        """
        slots = words.view("int64") & self._mask  # hashes are random in every bit
        numbers = self._numbers[slots]
        others = numpy.flatnonzero(self._words[slots] != words)
        while len(others):
            # A free slot: the word isn't there. Another word's slot: look in the next one.
            others = others[numbers[others] != NOT_FOUND]
            slots[others] = (slots[others] + 1) & self._mask
            numbers[others] = self._numbers[slots[others]]
            others = others[self._words[slots[others]] != words[others]]
        return numbers

    def add(self, words: numpy.ndarray) -> None:
        """Add words.

        words (numpy.ndarray): Distinct uint64 hashes that are not in the index, and no more than
            it has room for. Shape (n,).
        """
        numbers = numpy.arange(self._length, self._length + len(words), dtype="int32")
        slots = words.view("int64") & self._mask
        left = numpy.arange(len(words))
        while len(left):
            # Of several words that want the same free slot, the first one gets it.
            free = left[self._numbers[slots[left]] == NOT_FOUND]
            taken, first = numpy.unique(slots[free], return_index=True)
            winners = free[first]
            # A slot counts as free until it has its number, which is therefore written last.
            self._words[taken] = words[winners]
            self._numbers[taken] = numbers[winners]
            left = numpy.setdiff1d(left, winners, assume_unique=True)
            slots[left] = (slots[left] + 1) & self._mask
        self._length += len(words)
