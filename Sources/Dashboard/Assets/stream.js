// Reads the server's stream of what the page shows, for as long as the page is open.

const token = takeToken();

/** The token comes in the fragment, which no request carries, and stays with this tab. */
function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    fragment.delete("token");
    history.replaceState(null, "", fragment.size > 0 ? `#${fragment}` : location.pathname);
  }
  return sessionStorage.getItem("token") ?? "";
}

/** More than two of the server's heartbeats. */
const patience = 25_000;
const pauses = [300, 1000, 2000, 4000];

/**
 * Follows the server. `receive` gets each page; `fail` gets a sentence when there is none, and whether trying again makes
 * sense. Asking for something else ends what was asked for before.
 */
export class Stream {
  constructor(receive, fail) {
    this.receive = receive;
    this.fail = fail;
    this.current = null;
  }

  ask(parameters) {
    this.current?.abort();
    const control = new AbortController();
    this.current = control;
    this.follow(parameters, control);
  }

  async follow(parameters, control) {
    for (let attempt = 0; !control.signal.aborted; attempt += 1) {
      try {
        await this.read(parameters, control, () => { attempt = -1; });
      } catch (error) {
        if (control.signal.aborted) return;
        if (error.isFinal) { this.fail(error.message, false); return; }
      }
      if (control.signal.aborted) return;
      this.fail("metallb dashboard does not answer: has it ended? Trying again.", true);
      await new Promise((resume) => setTimeout(resume, pauses[Math.min(Math.max(attempt, 0), pauses.length - 1)]));
    }
  }

  async read(parameters, control, progressed) {
    // A connection that is silent for too long is given up, without giving up the question.
    const inner = new AbortController();
    control.signal.addEventListener("abort", () => inner.abort(), { signal: inner.signal });
    let watchdog = setTimeout(() => inner.abort(), patience);
    try {
      const response = await fetch(`/stream?${parameters}`, {
        headers: { Authorization: `Bearer ${token}` }, signal: inner.signal, cache: "no-store",
      });
      if (!response.ok) throw Object.assign(new Error((await response.text()).trim()), { isFinal: response.status === 401 });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => inner.abort(), patience);
        progressed();
        buffer += value;
        for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
          const message = buffer.slice(0, end);
          buffer = buffer.slice(end + 2);
          const data = message.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("");
          if (data && !control.signal.aborted) this.receive(JSON.parse(data));
        }
      }
    } finally {
      clearTimeout(watchdog);
      inner.abort();
    }
  }
}
