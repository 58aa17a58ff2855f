// Changes go to the server through here: JSON both ways, a problem as an Error in the server's words, never for ever.
// `final` of such an error: the same again would be refused again.
const PASSING = new Set([408, 429]);

export async function send(method, url, body, patienceMs = 20_000) {
  const given_up = new AbortController();
  const timer = setTimeout(() => given_up.abort(), patienceMs);
  try {
    const answer = await fetch(url, {
      method, signal: given_up.signal, headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const data = readable(await answer.text());
    if (answer.ok) return data;
    const words = answer.status === 401 ? "you are signed out, sign in again" : data.detail || `the server answered ${answer.status}`;
    throw Object.assign(new Error(words), { final: answer.status < 500 && !PASSING.has(answer.status) });
  } catch (error) {
    if (error.name === "AbortError") throw new Error(`no answer within ${patienceMs / 1000} s`);
    if (error instanceof TypeError) throw new Error("the server can't be reached");
    throw error;
  } finally { clearTimeout(timer); }
}

// What is only looked at is given up after a while: the six connections that a browser allows to a host are STOP's, too.
export const read = (url, patienceMs = 8_000) => fetch(url, { signal: AbortSignal.timeout(patienceMs) });

function readable(text) { try { return text ? JSON.parse(text) : {}; } catch { return {}; } }

// The site of this page, named with whatever its scripts ask or lead to: STOP on one site must not stop another.
export function ofSite(path) {
  const site = document.body.dataset.system;
  if (!site) return path;
  const address = new URL(path, location.origin);
  address.searchParams.set("system_id", site);
  return `${address.pathname}${address.search}${address.hash}`;
}
