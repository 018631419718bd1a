import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { login } from './api.js';
import { shared } from './shared-styles.js';

/** Asks for user and password; `logged-in` follows. */
@customElement('auscult-login')
export class LoginForm extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        place-items: center;
        min-height: 100dvh;
        padding: var(--space-4);
      }
      form {
        display: grid;
        gap: var(--space-4);
        width: min(360px, 100%);
        padding: var(--space-6) var(--space-5);
      }
      h1 {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        font-size: 22px;
        letter-spacing: -0.01em;
      }
      label {
        display: grid;
        gap: var(--space-1);
        font-weight: 550;
        font-size: 14px;
      }
      .error {
        color: var(--anomalous);
      }
    `,
  ];

  @state() private error = '';
  @state() private busy = false;

  override render() {
    return html`<main>
      <form class="panel" @submit=${this.submit}>
        <h1><img src="/icon.svg" alt="" width="32" height="32" /> Auscult</h1>
        <label>User <input name="user" autocomplete="username" required aria-describedby="error" /></label>
        <label>Password
          <input name="password" type="password" autocomplete="current-password" required aria-describedby="error" />
        </label>
        <p id="error" class="small error" role="alert">${this.error || nothing}</p>
        <button class="primary" ?disabled=${this.busy}>Log in</button>
      </form>
    </main>`;
  }

  private async submit(submission: SubmitEvent): Promise<void> {
    submission.preventDefault();
    const data = new FormData(submission.target as HTMLFormElement);
    this.busy = true;
    try {
      await login(String(data.get('user')), String(data.get('password')));
      this.error = '';
      this.dispatchEvent(new CustomEvent('logged-in', { bubbles: true, composed: true }));
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = false;
    }
  }
}
