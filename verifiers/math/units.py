"""Units of measure, money and plain nouns, with the factors between them.

Factors are exact. A degree is π/180 of nothing (the radian), so `90°` equals `π/2`. A noun that is
no unit (`12 students`) is a dimension of its own: it never converts, and contradicts other nouns.
"""

from flint import fmpq

from adjudge.verifiers.math.nodes import Unit

Dimension = tuple[tuple[str, int], ...]

_PREFIXES = {
    "p": -12, "n": -9, "u": -6, "\\mu": -6, "m": -3, "c": -2, "d": -1, "k": 3, "M": 6, "G": 9,
    "T": 12,
}  # fmt: skip
_PREFIX_WORDS = {
    "pico": -12, "nano": -9, "micro": -6, "milli": -3, "centi": -2, "deci": -1, "kilo": 3,
    "mega": 6, "giga": 9, "tera": 12,
}  # fmt: skip

# symbol, names, dimension (exponents of length, mass, time, current, temperature), factor
_L, _M, _T, _A, _K = "length", "mass", "time", "current", "temperature"
_METRIC: list[tuple[str, tuple[str, ...], dict[str, int], fmpq]] = [
    ("m", ("meter", "metre"), {_L: 1}, fmpq(1)),
    ("g", ("gram", "gramme"), {_M: 1}, fmpq(1, 1000)),
    ("s", ("second",), {_T: 1}, fmpq(1)),
    ("A", ("ampere", "amp"), {_A: 1}, fmpq(1)),
    ("K", ("kelvin",), {_K: 1}, fmpq(1)),
    ("mol", ("mole",), {"amount": 1}, fmpq(1)),
    ("L", ("liter", "litre"), {_L: 3}, fmpq(1, 1000)),
    ("l", (), {_L: 3}, fmpq(1, 1000)),
    ("N", ("newton",), {_L: 1, _M: 1, _T: -2}, fmpq(1)),
    ("J", ("joule",), {_L: 2, _M: 1, _T: -2}, fmpq(1)),
    ("W", ("watt",), {_L: 2, _M: 1, _T: -3}, fmpq(1)),
    ("Pa", ("pascal",), {_L: -1, _M: 1, _T: -2}, fmpq(1)),
    ("Hz", ("hertz",), {_T: -1}, fmpq(1)),
    ("V", ("volt",), {_L: 2, _M: 1, _T: -3, _A: -1}, fmpq(1)),
    ("C", ("coulomb",), {_T: 1, _A: 1}, fmpq(1)),
    ("F", ("farad",), {_L: -2, _M: -1, _T: 4, _A: 2}, fmpq(1)),
    ("\\Omega", ("ohm",), {_L: 2, _M: 1, _T: -3, _A: -2}, fmpq(1)),
    ("T", ("tesla",), {_M: 1, _T: -2, _A: -1}, fmpq(1)),
    ("eV", ("electronvolt",), {_L: 2, _M: 1, _T: -2}, fmpq(1602176634, 10**28)),
    ("B", ("byte",), {"data": 1}, fmpq(8)),
    ("bit", (), {"data": 1}, fmpq(1)),
    ("cal", ("calorie",), {_L: 2, _M: 1, _T: -2}, fmpq(4184, 1000)),
    ("bar", (), {_L: -1, _M: 1, _T: -2}, fmpq(100_000)),
]
_OTHER: list[tuple[str, dict[str, int], fmpq]] = [
    ("min minute 分钟 分鐘 分 мин минут минута минуты", {_T: 1}, fmpq(60)),
    ("h hr hour 小时 小時 час часа часов ч", {_T: 1}, fmpq(3600)),
    ("sec 秒 сек", {_T: 1}, fmpq(1)),
    ("day 天 日 дней день дня", {_T: 1}, fmpq(86_400)),
    ("week wk 周", {_T: 1}, fmpq(604_800)),
    ("fortnight", {_T: 1}, fmpq(1_209_600)),
    ("month 个月 月", {"months": 1}, fmpq(1)),
    ("year yr 年 лет", {"months": 1}, fmpq(12)),
    ("decade", {"months": 1}, fmpq(120)),
    ("century", {"months": 1}, fmpq(1200)),
    ("in inch", {_L: 1}, fmpq(254, 10_000)),
    ("ft foot feet", {_L: 1}, fmpq(3048, 10_000)),
    ("yd yard", {_L: 1}, fmpq(9144, 10_000)),
    ("mi mile", {_L: 1}, fmpq(1_609_344, 1000)),
    ("nmi", {_L: 1}, fmpq(1852)),
    ("angstrom", {_L: 1}, fmpq(1, 10**10)),
    ("米", {_L: 1}, fmpq(1)),
    ("厘米", {_L: 1}, fmpq(1, 100)),
    ("毫米", {_L: 1}, fmpq(1, 1000)),
    ("千米 公里 км", {_L: 1}, fmpq(1000)),
    ("м метр метра метров", {_L: 1}, fmpq(1)),
    ("см", {_L: 1}, fmpq(1, 100)),
    ("平方米", {_L: 2}, fmpq(1)),
    ("平方厘米", {_L: 2}, fmpq(1, 10_000)),
    ("立方米", {_L: 3}, fmpq(1)),
    ("立方厘米", {_L: 3}, fmpq(1, 10**6)),
    ("千克 公斤 кг", {_M: 1}, fmpq(1)),
    ("克 г", {_M: 1}, fmpq(1, 1000)),
    ("升", {_L: 3}, fmpq(1, 1000)),
    ("acre", {_L: 2}, fmpq(40_468_564_224, 10**7)),
    ("ha hectare", {_L: 2}, fmpq(10_000)),
    ("gal gallon", {_L: 3}, fmpq(3_785_411_784, 10**12)),
    ("quart qt", {_L: 3}, fmpq(3_785_411_784, 4 * 10**12)),
    ("pint", {_L: 3}, fmpq(3_785_411_784, 8 * 10**12)),
    ("cup", {_L: 3}, fmpq(3_785_411_784, 16 * 10**12)),
    ("floz", {_L: 3}, fmpq(3_785_411_784, 128 * 10**12)),
    ("cc", {_L: 3}, fmpq(1, 10**6)),
    ("lb pound", {_M: 1}, fmpq(45_359_237, 10**8)),
    ("oz ounce", {_M: 1}, fmpq(45_359_237, 16 * 10**8)),
    ("ton tonne", {_M: 1}, fmpq(1000)),
    ("mph", {_L: 1, _T: -1}, fmpq(1_609_344, 3_600_000)),
    ("kph kmh", {_L: 1, _T: -1}, fmpq(1000, 3600)),
    ("mps", {_L: 1, _T: -1}, fmpq(1)),
    ("knot", {_L: 1, _T: -1}, fmpq(1852, 3600)),
    ("erg", {_L: 2, _M: 1, _T: -2}, fmpq(1, 10**7)),
    ("dyn dyne", {_L: 1, _M: 1, _T: -2}, fmpq(1, 10**5)),
    ("torr", {_L: -1, _M: 1, _T: -2}, fmpq(101_325, 760)),
    ("psi", {_L: -1, _M: 1, _T: -2}, fmpq(6_894_757_293_168, 10**9)),
    ("lbf", {_L: 1, _M: 1, _T: -2}, fmpq(44_482_216_152_605, 10**13)),
    ("ly", {_L: 1}, fmpq(9_460_730_472_580_800)),
    ("au", {_L: 1}, fmpq(149_597_870_700)),
    ("mcg", {_M: 1}, fmpq(1, 10**9)),
    ("carat", {_M: 1}, fmpq(2, 10_000)),
    ("tablespoon tbsp", {_L: 3}, fmpq(3_785_411_784, 256 * 10**12)),
    ("teaspoon tsp", {_L: 3}, fmpq(3_785_411_784, 768 * 10**12)),
    ("pence", {"gbp": 1}, fmpq(1, 100)),
    ("atm atmosphere", {_L: -1, _M: 1, _T: -2}, fmpq(101_325)),
    ("mmHg", {_L: -1, _M: 1, _T: -2}, fmpq(101_325, 760)),
    ("hp horsepower", {_L: 2, _M: 1, _T: -3}, fmpq(7457, 10)),
    ("Wh", {_L: 2, _M: 1, _T: -2}, fmpq(3600)),
    ("kWh", {_L: 2, _M: 1, _T: -2}, fmpq(3_600_000)),
    ("rad radian", {}, fmpq(1)),
    ("unit", {"unit": 1}, fmpq(1)),
    ("dozen", {}, fmpq(12)),
    ("mph/s", {_L: 1, _T: -2}, fmpq(1_609_344, 3_600_000)),
    ("\\$ dollar usd buck USD", {"usd": 1}, fmpq(1)),
    ("cent ¢ penny pennies \\cent", {"usd": 1}, fmpq(1, 100)),
    ("€ euro eur EUR", {"eur": 1}, fmpq(1)),
    ("£ gbp GBP", {"gbp": 1}, fmpq(1)),
    ("pence", {"gbp": 1}, fmpq(1, 100)),
    ("¥ yen jpy JPY", {"yen": 1}, fmpq(1)),
    ("yuan rmb RMB CNY cny 块", {"yuan": 1}, fmpq(1)),
    ("₹ rupee INR inr Rs", {"rupee": 1}, fmpq(1)),
    ("₽ ruble rouble rub RUB руб рублей рубля рубль", {"ruble": 1}, fmpq(1)),
    ("角", {"yuan": 1}, fmpq(1, 10)),
    ("₩ won", {"won": 1}, fmpq(1)),
]
_PLURALS = {"inches": "inch", "centuries": "century", "hertz": "hertz", "celsius": "celsius"}

ONE = Unit((), fmpq(1), "")
DEGREE = Unit((), fmpq(1, 180), "°", pi=1)
TURN = Unit((), fmpq(2), "rev", pi=1)
GRADIAN = Unit((), fmpq(1, 200), "gon", pi=1)
ARCMINUTE = Unit((), fmpq(1, 180 * 60), "'", pi=1)
ARCSECOND = Unit((), fmpq(1, 180 * 3600), '"', pi=1)
CELSIUS = Unit((("temperature", 1),), fmpq(1), "°C", offset=fmpq(27315, 100))
FAHRENHEIT = Unit((("temperature", 1),), fmpq(5, 9), "°F", offset=fmpq(45967, 180))


def _dimension(powers: dict[str, int]) -> Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def _table() -> dict[str, Unit]:
    table = {name: unit for unit, names in _specials() for name in names.split()}
    for symbol, names, powers, factor in _METRIC:
        table.update(_prefixed(symbol, names, Unit(_dimension(powers), factor, symbol)))
    for words, powers, factor in _OTHER:
        first = words.split()[0]
        table.update({w: Unit(_dimension(powers), factor, first) for w in words.split()})
    return table


def _specials() -> list[tuple[Unit, str]]:
    return [
        (DEGREE, "degree deg 度 градусов"),
        (TURN, "rev revolution turn"),
        (Unit((("time", -1),), fmpq(1, 30), "rpm", pi=1), "rpm RPM"),
        (ARCMINUTE, "arcminute"),
        (ARCSECOND, "arcsecond"),
        (CELSIUS, "degC celsius"),
        (GRADIAN, "gradian grad gon"),
        (FAHRENHEIT, "degF fahrenheit"),
    ]


def _prefixed(symbol: str, names: tuple[str, ...], unit: Unit) -> dict[str, Unit]:
    found = {symbol: unit, **dict.fromkeys(names, unit)}
    for prefix, power in _PREFIXES.items():
        found[prefix + symbol] = _scaled(unit, power, prefix)
    for prefix, power in _PREFIX_WORDS.items():
        found |= {prefix + name: _scaled(unit, power, prefix) for name in names}
    return found


def _scaled(unit: Unit, power: int, prefix: str) -> Unit:
    return Unit(unit.dimension, unit.factor * fmpq(10) ** power, prefix + unit.label)


_TABLE = _table()


def find(word: str) -> Unit | None:
    """The unit of this name; plurals too. `m` and `M` differ, `Meters` and `meters` do not."""
    lower = word.lower() if len(word) > 3 else word
    return _TABLE.get(word) or _TABLE.get(lower) or _TABLE.get(_singular(lower))


def _singular(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    return word[:-1] if len(word) > 2 and word.endswith("s") else word


def noun(words: str) -> Unit:
    return Unit((("noun", 1),), fmpq(1), words)


def is_noun(unit: Unit) -> bool:
    return unit.dimension == (("noun", 1),)


def product(left: Unit, right: Unit, power: int = 1) -> Unit:
    """left · right^power; temperatures in it are differences."""
    powers = dict(left.dimension)
    for base, exponent in right.dimension:
        powers[base] = powers.get(base, 0) + exponent * power
    factor = left.factor * right.factor**power
    label = f"{left.label} {right.label}{'' if power == 1 else f'^{power}'}".strip()
    return Unit(_dimension(powers), factor, label, left.pi + right.pi * power)


def same_noun(left: str, right: str) -> bool:
    """`stuffed goats` and `goats`; never `goats` and `sheep`."""
    one, other = set(_stems(left)), set(_stems(right))
    return one <= other or other <= one


def _stems(words: str) -> list[str]:
    return [word.rstrip("s") for word in words.split()]
