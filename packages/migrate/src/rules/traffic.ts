import { count, differs, type Rules, same, whole } from "./rule.ts";

/** What is tried again here: see the annotation reference, "Timeouts and retries". */
const HERE_RETRIES = 3;

const SERVER_ERRORS =
  "Answers of 500 to 599 are tried again here as well, as a retry annotation is set (MSE), but for POST, LOCK and PATCH; on ingress-nginx they are not.";

/** Timeouts and retries of ingress-nginx. */
export const TRAFFIC: Rules = {
  "proxy-read-timeout": (at) => {
    const [read, here] = [whole(at.text), silence(at.source)];
    if (read === undefined || here === undefined) return undefined;
    if (here !== read)
      return differs(
        `ingress-nginx waits ${read} s for the backend; here one timer runs for both directions, and the larger value counts: ${here} s.`,
      );
    if (at.source("proxy-send-timeout") !== "") return undefined;
    const send = at.defaults.of("proxy-send-timeout");
    return whole(send) === read
      ? undefined
      : same(
          `The one timer here holds for a stalled upload too: ${read} s, where ingress-nginx has ${send} s.`,
        );
  },
  "proxy-send-timeout": (at) => {
    const [send, here] = [whole(at.text), silence(at.source)];
    if (send === undefined || here === undefined) return undefined;
    if (here !== send)
      return differs(
        `ingress-nginx waits ${send} s for a stalled upload; here one timer runs for both directions, and the larger value counts: ${here} s.`,
      );
    if (at.source("proxy-read-timeout") !== "") return undefined;
    const read = at.defaults.of("proxy-read-timeout");
    return whole(read) === send
      ? undefined
      : differs(
          `ingress-nginx waits ${read} s for the backend, as proxy-read-timeout is not set; here the one timer of ${send} s holds for both directions.`,
        );
  },
  "proxy-next-upstream-tries": (at) => {
    const tries = whole(at.text);
    if (tries === undefined || isOff(at.source("proxy-next-upstream"))) return undefined;
    if (tries === 0)
      return differs(`ingress-nginx tries without limit; here 0 means ${HERE_RETRIES} retries.`);
    if (tries === 1)
      return differs(
        "ingress-nginx counts the first try, so 1 means no retry there; here it means 1 retry, 2 tries in all.",
        { "proxy-next-upstream": "off" },
      );
    const text = `ingress-nginx counts the first try, so ${tries} means ${count(tries - 1, "retry", "retries")} there; here it means ${count(tries, "retry", "retries")}, ${tries + 1} tries in all.`;
    const set = { "proxy-next-upstream-tries": `${tries - 1}` };
    // With proxy-next-upstream the difference is that key's.
    if (at.source("proxy-next-upstream") !== "") return differs(text, set);
    return { outcome: "differs", text: `${text} ${SERVER_ERRORS}`, fix: { set, leaves: SERVER_ERRORS } };
  },
  "proxy-next-upstream-timeout": (at) => {
    const limit = whole(at.text);
    if (limit === undefined || limit === 0 || isOff(at.source("proxy-next-upstream"))) return undefined;
    const said = whole(at.source("proxy-next-upstream-tries"));
    if (said === 1) return undefined;
    const tries = (said === undefined || said === 0 ? HERE_RETRIES : said) + 1;
    return differs(
      `ingress-nginx: ${limit} s for all tries together; here ${limit} s for each try, so up to ${limit * tries} s for ${tries} tries, and an answer that takes longer than ${limit} s to begin is given up.${at.source("proxy-next-upstream") === "" && said === undefined ? ` ${SERVER_ERRORS}` : ""}`,
    );
  },
  "proxy-next-upstream": ({ text, source }) => {
    const words = text.split(/[\s,]+/).filter(Boolean);
    if (words.includes("off") || whole(source("proxy-next-upstream-tries")) === 1) return undefined;
    if (words.includes("invalid_header"))
      return differs(
        "invalid_header means an answer that is no HTTP there; here every answer of 500 to 599 is tried again.",
      );
    if (!words.includes("error") && !words.includes("timeout")) return undefined;
    return differs(
      "error and timeout here are answers of 500 to 599 too, as a retry annotation is set (MSE); ingress-nginx tries again only when the connection fails or is silent. POST, LOCK and PATCH are not sent twice in either unless non_idempotent is there.",
    );
  },
};

function silence(source: (key: string) => string): number | undefined {
  const set = ["proxy-read-timeout", "proxy-send-timeout"].flatMap((key) => whole(source(key)) ?? []);
  return set.length === 0 ? undefined : Math.max(...set);
}

function isOff(words: string): boolean {
  return words.split(/[\s,]+/).includes("off");
}
