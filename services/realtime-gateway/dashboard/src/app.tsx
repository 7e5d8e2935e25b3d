import { useEffect } from "preact/hooks";
import { close, open } from "./live";
import { session } from "./session";
import { Alerts } from "./widgets/alerts";
import { Chart } from "./widgets/chart";
import { Feed } from "./widgets/feed";
import { Header } from "./widgets/header";
import { SignIn } from "./widgets/sign-in";
import { Tiles } from "./widgets/tiles";

// A widget is one file in widgets/; it reads the signals of live.ts and takes its place here.
export function App() {
  return session.value ? <Board key={session.value.credential} /> : <SignIn />;
}

function Board() {
  useEffect(() => {
    open();
    return close;
  }, []);
  return (
    <>
      <Header />
      <main>
        <Tiles />
        <Chart />
        <Alerts />
        <Feed />
      </main>
    </>
  );
}
