// Changes go to the server through here: JSON both ways, a problem as an Error in the server's words, never for ever.
export async function send(method, url, body, patienceMs = 20_000) {
  const given_up = new AbortController();
  const timer = setTimeout(() => given_up.abort(), patienceMs);
  try {
    const answer = await fetch(url, {
      method, signal: given_up.signal, headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const data = readable(await answer.text());
    if (answer.status === 401) throw new Error("you are signed out, sign in again");
    if (!answer.ok) throw new Error(data.detail || `the server answered ${answer.status}`);
    return data;
  } catch (error) {
    if (error.name === "AbortError") throw new Error(`no answer within ${patienceMs / 1000} s`);
    if (error instanceof TypeError) throw new Error("the server can't be reached");
    throw error;
  } finally { clearTimeout(timer); }
}

function readable(text) { try { return text ? JSON.parse(text) : {}; } catch { return {}; } }

// The site of this page, named with whatever its scripts ask or lead to: STOP on one site must not stop another.
export function ofSite(path) {
  const site = document.body.dataset.system;
  if (!site) return path;
  const address = new URL(path, location.origin);
  address.searchParams.set("system_id", site);
  return `${address.pathname}${address.search}${address.hash}`;
}
