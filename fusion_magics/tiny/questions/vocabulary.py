"""The names, nouns and words that the questions are made of; all written for this project."""

from __future__ import annotations

from random import Random


def listed(text: str) -> list[str]:
    """The words of a text; a page of them reads better than a page of quotation marks."""
    return text.split()


NAMES = listed(
    "Ann Bob Cid Dan Eve Fay Gus Hal Ida Jim Kim Leo Mia Ned Olga Pam Quinn Ray Sue Tom Uma Vic "
    "Wes Yan Zoe Amir Bella Carl Dora Emil Femi Greta Hugo Ines Jonas Kira Lena Marco Nina Omar "
    "Petra Rosa Samir Tara Yuki"
)

THINGS = listed(
    "apples books coins cards stamps marbles shells pencils eggs balls stickers beads nuts plums "
    "candles buttons tickets cookies flowers stones bricks cups photos toys bottles letters pears "
    "badges magnets muffins"
)

GROUPS = listed("baker sailor pilot dancer farmer robot knight clown doctor singer painter teacher")
COLOURS = listed("red blue green yellow black white brown pink grey purple orange golden")
TREATS = listed("tea honey soup rice cake plums corn fish jam bread nuts cheese")

WORDS = listed(
    "strawberry apple river stone cloud tiger banana window garden purple yellow rocket pencil "
    "island summer winter monkey bottle letter number dragon castle forest mirror button carrot "
    "pepper tomato potato orange guitar violin trumpet blanket ladder hammer basket candle puzzle "
    "turtle raspberry blueberry cherry lemon mango peach grape melon walnut almond coffee butter "
    "cheese bread sugar salt honey pasta pizza soup salad bacon rabbit kitten puppy horse sheep "
    "goat chicken parrot eagle falcon penguin dolphin whale shark spider beetle butterfly insect "
    "flower tulip daisy rose lily maple willow mountain valley desert ocean lake beach bridge "
    "street avenue station airport ticket luggage holiday journey planet comet galaxy saturn "
    "mercury jupiter rainbow thunder lightning storm breeze snow frost autumn spring morning "
    "evening midnight calendar january april august october monday friday sunday family mother "
    "father sister brother cousin uncle friend neighbor teacher student doctor nurse lawyer "
    "farmer pilot sailor captain soldier painter singer dancer writer author editor reader "
    "kitchen bedroom bathroom cellar attic garage carpet curtain pillow cushion sofa table chair "
    "drawer cabinet shelf lamp clock radio camera computer keyboard screen mouse printer phone "
    "battery engine wheel pedal saddle bicycle tractor wagon ship ferry canoe anchor sail paddle "
    "jacket shirt trousers sweater scarf glove mitten boot sandal slipper pocket zipper collar "
    "sleeve necklace bracelet diamond silver golden copper iron steel marble crystal paper "
    "notebook folder ruler eraser crayon marker brush canvas picture statue museum theater movie "
    "music melody rhythm piano flute drum cello trombone orchestra concert ballet tennis hockey "
    "soccer football baseball cricket rugby marathon runner swimmer jumper winner trophy medal "
    "science biology chemistry physics history grammar spelling sentence paragraph chapter story "
    "poem novel fable riddle secret mystery detective pirate treasure kingdom prince queen wizard "
    "goblin giant fairy legend market grocery bakery butcher florist library hospital school "
    "college office factory village city country border capital harbor lantern compass feather "
    "arrow shield sword helmet armor tunnel tower temple palace cottage cabin fence gate path "
    "bucket shovel broom mop soap towel sponge shampoo comb razor needle thread fabric cotton "
    "wool velvet leather plastic rubber wooden broken hidden simple little middle bottom hollow "
    "narrow shallow gentle clever honest brave happy merry angry hungry thirsty sleepy lucky "
    "funny silly pretty lovely friendly careful useful playful cheerful dog cat hen fox owl bee "
    "ant sun sky sea ice egg jam pie hat cup pan bus car map pen bed box key toy mississippi "
    "banjo cocoa hello world python letters address success balloon cartoon raccoon committee"
)
WORDS = [word for word in WORDS if 3 <= len(word) <= 10]

_ONSETS = "b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr sh sl sp st tr"
_VOWELS = "a e i o u a e i o ea oo ai ee y"
_CODAS = " n r s t l m d k p ll rr ss tt nd st rt x"


def made_up_word(rng: Random, shortest: int = 3, longest: int = 10) -> str:
    """A pronounceable word of no language, so that the models learn letters, not a list."""
    while True:
        word = ""
        for _ in range(rng.randint(1, 4)):
            word += rng.choice(_ONSETS.split()) + rng.choice(_VOWELS.split())
            word += rng.choice(_CODAS.split(" "))
        if shortest <= len(word) <= longest:
            return word


def any_word(rng: Random, shortest: int = 3, longest: int = 10) -> str:
    """An English word half the time, else a made-up one; lengths in letters, both ends in."""
    if rng.random() < 0.5:
        return made_up_word(rng, shortest, longest)
    while True:
        word = rng.choice(WORDS)
        if shortest <= len(word) <= longest:
            return word


def misspell(rng: Random, word: str) -> str:
    """The word with one letter changed, dropped, doubled or swapped with its neighbour."""
    at = rng.randrange(len(word))
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    edits = [
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    ]
    edited = rng.choice(edits)
    return edited if edited and edited != word else word + letter
