"""The client of MCP in Python against a server of the examples: `client.py MODE TARGET..`, where TARGET is a URL or a command."""

import asyncio
import json
import sys

import mcp
from mcp import Client, StdioServerParameters


async def main() -> None:
    mode, target = sys.argv[1], sys.argv[2:]
    server = target[0] if target[0].startswith("http") else StdioServerParameters(command=target[0], args=target[1:])
    asked = []

    async def person(context, params):
        asked.append(params.message)
        return mcp.types.ElicitResult(action="accept", content={})

    async with Client(server, mode=mode, elicitation_callback=person) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"git_create_repository", "git_delete_repository"} <= names, names

        repo = {"owner": "acme", "name": "python-" + mode.replace(".", "-")}
        made = await client.call_tool("git_create_repository", {"repo": repo})
        assert not made.is_error, made
        assert made.structured_content["repo"] == repo, made
        found = await client.call_tool("git_get_repository", {"repo": repo})
        assert found.structured_content["default_branch"] == "main", found
        again = await client.call_tool("git_create_repository", {"repo": repo})
        fault = json.loads(again.content[0].text)
        assert again.is_error and fault["kind"] == "conflict" and fault["advice"], fault

        gone = await client.call_tool("git_delete_repository", {"repo": repo})
        assert not gone.is_error and gone.content[0].text == "done", gone
        assert len(asked) == 1 and "cannot be undone" in asked[0], asked

        page = await client.read_resource("mosaic://operations/git.get_repository")
        assert page.contents[0].text.startswith("# git.get_repository"), page
        providers = json.loads((await client.read_resource("mosaic://providers")).contents[0].text)
        assert {provider["id"] for provider in providers} >= {"forge", "handbook", "tracker"}, providers
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
        assert "review_pull_request" in prompts, prompts
    print("ok")


asyncio.run(main())
