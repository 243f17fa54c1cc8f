using IacCi.Core.Secrets.Sops;

namespace IacCi.Tests.Unit.Secrets;

internal sealed class SopsNumberTests
{
    [Test]
    [Arguments("7", "7")]
    [Arguments("7.0", "7")]
    [Arguments("3.140", "3.14")]
    [Arguments("-0", "-0")]
    [Arguments("0.1", "0.1")]
    [Arguments("1e3", "1000")]
    [Arguments("1E-7", "0.0000001")]
    [Arguments("1.25e-7", "0.000000125")]
    [Arguments("1e21", "1000000000000000000000")]
    [Arguments("1.5e300", "15", 299)]
    [Arguments("-1.5e20", "-150000000000000000000")]
    [Arguments("123456789012345680000", "123456789012345680000")]
    [Arguments("12345678901234567890", "12345678901234567000")]
    [Arguments("9007199254740993", "9007199254740992")]
    [Arguments("1e-400", "0")]
    public async Task A_number_is_hashed_as_the_shortest_digits_of_its_double(string json, string digits, int zeros = 0) =>
        await Assert.That(SopsNumber.Canonical(json)).IsEqualTo(digits + new string('0', zeros));

    [Test]
    public async Task The_smallest_double_has_323_zeros_before_its_digit() =>
        await Assert.That(SopsNumber.Canonical("5e-324")).IsEqualTo("0." + new string('0', 323) + "5");

    [Test]
    public async Task A_number_beyond_a_double_has_no_form() => await Assert.That(SopsNumber.Canonical("1e309")).IsNull();

    [Test]
    [Arguments("0", true)]
    [Arguments("-0.5e+10", true)]
    [Arguments("10", true)]
    [Arguments("01", false)]
    [Arguments("1.", false)]
    [Arguments(".5", false)]
    [Arguments("+1", false)]
    [Arguments("1e", false)]
    [Arguments("-", false)]
    [Arguments("", false)]
    [Arguments("NaN", false)]
    [Arguments("1 ", false)]
    [Arguments("0x1", false)]
    public async Task Only_what_JSON_writes_is_a_number(string text, bool number) =>
        await Assert.That(SopsNumber.IsJson(text)).IsEqualTo(number);
}
