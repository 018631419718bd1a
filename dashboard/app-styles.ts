import { css } from 'lit';

/** Layout of the page: one column on a phone, events beside the machines on a wide screen. */
export const appStyles = css`
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-1) var(--space-3);
    min-height: 60px;
    padding: var(--space-2) clamp(16px, 2vw, 32px);
    background: var(--surface);
    border-bottom: 1px solid var(--line);
  }
  header img {
    display: block;
  }
  h1 {
    font-size: 18px;
    font-weight: 700;
    letter-spacing: -0.015em;
  }
  .site {
    margin-left: var(--space-2);
    font-size: 15px;
    font-weight: 450;
    letter-spacing: 0;
  }
  .summary {
    padding-left: var(--space-3);
    border-left: 1px solid var(--line);
    font-size: 14px;
  }
  .summary .wanting {
    color: var(--anomalous);
    font-weight: 600;
  }
  .spring {
    flex: 1;
  }
  .link {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    color: var(--ink-soft);
    font-size: 13px;
    font-weight: 550;
  }
  .link.live svg {
    color: var(--normal);
  }
  .link.lost {
    color: var(--sensor-fault);
  }
  .banner {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    padding: var(--space-3) clamp(16px, 2vw, 32px);
    background: color-mix(in srgb, var(--sensor-fault) 14%, var(--surface));
    border-bottom: 1px solid color-mix(in srgb, var(--sensor-fault) 40%, var(--line));
    font-size: 14px;
  }
  main {
    display: grid;
    gap: var(--space-5);
    max-width: 2200px;
    margin: 0 auto;
    padding: var(--space-5) clamp(12px, 2vw, 32px) var(--space-6);
  }
  .left {
    display: grid;
    gap: var(--space-5);
    align-content: start;
    min-width: 0;
  }
  #machines {
    margin-bottom: var(--space-3);
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr));
    gap: var(--space-4);
    align-items: start;
  }
  .sound {
    padding: var(--space-3) var(--space-4) var(--space-4);
    min-width: 0;
  }
  .sound-head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-3);
    margin-bottom: var(--space-2);
  }
  .sound-head h2 span {
    margin-left: var(--space-2);
    font-weight: 450;
  }
  .toasts {
    position: fixed;
    inset: auto 0 var(--space-5);
    z-index: 10;
    display: grid;
    place-items: center;
    padding-inline: var(--space-4);
    pointer-events: none;
  }
  .toast {
    max-width: 560px;
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius-small);
    background: var(--ink);
    color: var(--ground);
    font-size: 14px;
    box-shadow: 0 6px 24px rgb(0 0 0 / 22%);
  }
  .toast.failed {
    background: var(--anomalous);
    color: var(--surface);
  }
  @media (min-width: 1100px) {
    main {
      grid-template-columns: minmax(0, 1fr) clamp(360px, 27vw, 480px);
      align-items: start;
    }
    auscult-event-list {
      position: sticky;
      top: var(--space-5);
      max-height: calc(100dvh - 108px);
    }
  }
  @media (max-width: 560px) {
    .summary {
      order: 5;
      flex-basis: 100%;
      padding-left: 0;
      border-left: 0;
    }
  }
`;
