import { parentPort } from 'node:worker_threads';
import type { ThreadMessage } from './asked-thread.js';

/** The thread's side of `AskedThread`: answers one request after the other until it is told to end. */
export function answerRequests<Request, Answer>(
  answer: (request: Request, onStep: (share: number) => void) => Promise<Answer>,
): void {
  const say = (message: ThreadMessage<Answer>): void => parentPort?.postMessage(message);
  parentPort?.on('message', (request: Request | null) => {
    if (request === null) return parentPort?.close();
    answer(request, (share) => say({ kind: 'step', share })).then(
      (answered) => say({ kind: 'answer', answer: answered }),
      (error: unknown) => {
        const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
        const known = ['ModelError', 'ConfigError', 'SourceError', 'AbortError'].includes(name);
        say({ kind: 'failed', name, message: known ? message : String(stack) });
      },
    );
  });
}
