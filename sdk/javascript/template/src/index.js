/** The smallest useful channel: takes `POST /` with `{"text": "…"}` and hands it over. */

import { channel, codec, Failure, HttpResponse, intake } from "yiwang-sdk";

export default channel({
  webhook(host, ctx, request) {
    const { text: given } = request.object("my-javascript-channel.malformed-body");
    const text = typeof given === "string" ? intake.clean(given) : "";
    if (text === "") {
      throw Failure.refused(422, "my-javascript-channel.no-text", "`text` is missing or empty");
    }
    // What does not fit the event's schema would be the plugin's mistake, not the sender's.
    if (intake.length(text) > intake.CONTENT_CHARS_MAX) {
      throw Failure.refused(422, "my-javascript-channel.too-long", "`text` has more than 20000 characters");
    }
    // The same words are the same event: the host drops a second event with the same id.
    const externalId = codec.sha256Hex(text);
    return {
      response: HttpResponse.text(202, host.config().greeting),
      events: [intake.received({ externalId, kind: "consult", content: text })],
    };
  },
});
