// Questions to the server.

/** Sends a question to the server and returns its answer. */
export async function send(path, question, signal) {
  const isQuestion = question !== undefined;
  let response;
  try {
    response = await fetch(path, {
      method: isQuestion ? "POST" : "GET",
      headers: isQuestion ? { "Content-Type": "application/json" } : {},
      body: isQuestion ? JSON.stringify(question) : undefined,
      signal,
    });
  } catch (error) {
    throw new Error("The server doesn’t answer. Is it still running?", { cause: error });
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Error(
    (answer && answer.error) ||
      `The server failed (status ${response.status}). See its terminal for the reason.`,
  );
}

/** Asks questions of one kind, of which only the last one counts: answers may arrive in another
 * order. */
export class Asker {
  constructor() {
    this.last = 0;
    this.abort = null;
  }

  /** The answer, or null if another question has been asked in the meantime. */
  async ask(path, question) {
    const number = ++this.last;
    if (this.abort) this.abort.abort();
    this.abort = new AbortController();
    try {
      const answer = await send(path, question, this.abort.signal);
      return number === this.last ? answer : null;
    } catch (error) {
      if (number !== this.last) return null;
      throw error;
    }
  }

  forget() {
    this.last++;
    if (this.abort) this.abort.abort();
  }
}
