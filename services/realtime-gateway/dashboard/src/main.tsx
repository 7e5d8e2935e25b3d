import { render } from "preact";
import { App } from "./app";
import { resume } from "./session";
import "./styles.css";

void resume().then(() => render(<App />, document.getElementById("app")!));
