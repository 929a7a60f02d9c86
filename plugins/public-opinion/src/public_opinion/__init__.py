"""A feed of public opinion: a monitoring service pushes what is written about the district, in batches.

What concerns the district and is not friendly becomes a report, one for each post; the rest is counted.
"""

from yiwang_sdk import CallContext, Failure, Host, HttpRequest, HttpResponse, Outcome, Problem, standard_webhooks

from .post import Post
from .sieve import Sieve

SECRETS = ("signing_key", "signing_key_next")
#: More in one batch would be more events than one call may hand over.
POSTS_MAX = 200


def validate_config(config: dict) -> list[Problem]:
    if config["emergencyHeat"] < config["urgentHeat"]:
        return [Problem("/emergencyHeat", "is below `urgentHeat`: nothing would be just urgent")]
    return []


def webhook(host: Host, ctx: CallContext, request: HttpRequest) -> Outcome:
    batch = standard_webhooks.verify(host, SECRETS, request, ctx.now_ms)
    posts = request.object("public-opinion.malformed-body").get("posts")
    if not isinstance(posts, list):
        raise Failure.refused(422, "public-opinion.no-posts", "`posts` is no list")
    if len(posts) > POSTS_MAX:
        raise Failure.refused(413, "public-opinion.too-many", f"a batch has at most {POSTS_MAX} posts")
    config = host.config()
    read = [Post.read(given) for given in posts]
    sieve = Sieve(config)
    events = {post.id: post.event(config) for post in read if post is not None and sieve.keeps(post)}
    unread = read.count(None)
    if unread:
        host.warn("posts without id or text were left out", batch=batch, count=unread)
    counts = {"accepted": len(events), "ignored": len(posts) - unread - len(events), "unread": unread}
    return Outcome(HttpResponse.of_json(202, counts), list(events.values()))
