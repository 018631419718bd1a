/** A style sheet imported as text (build.mjs). */
declare module '*.min.css' {
  const text: string;
  export default text;
}
