using Millrace.Alerting.Notifications;
using Xunit;

namespace Millrace.Alerting.Tests.Notifications;

public sealed class StandardWebhooksTests
{
    [Fact]
    public void Sign_published_example_gives_the_published_signature() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        StandardWebhooks.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", """{"test": 2432232314}"""));

    [Fact]
    public void Sign_plain_text_is_its_own_key() => Assert.Equal(
        StandardWebhooks.Sign("whsec_" + Convert.ToBase64String("a plain secret of 26 bytes"u8), "i", "1", "b"),
        StandardWebhooks.Sign("a plain secret of 26 bytes", "i", "1", "b"));

    [Theory]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true)]
    [InlineData("sixteen letters!", true)]
    [InlineData("whsec_", false)]
    [InlineData("whsec_c2hvcnQ=", false)]
    [InlineData("whsec_not base 64 not base 64 not base 64", false)]
    [InlineData("too short", false)]
    public void IsSecret_says_what_may_be_one(string secret, bool valid) => Assert.Equal(valid, StandardWebhooks.IsSecret(secret));

    [Fact]
    public void NewSecret_is_a_secret_and_never_the_same()
    {
        Assert.True(StandardWebhooks.IsSecret(StandardWebhooks.NewSecret()));
        Assert.NotEqual(StandardWebhooks.NewSecret(), StandardWebhooks.NewSecret());
    }
}
