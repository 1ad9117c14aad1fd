"""The package as it is installed: its facts, its schemas, its exceptions, and the stub beside the native module."""

import ast
import doctest
import importlib.resources
import pickle
import unittest

import mosaic
from mosaic import _mosaic


class Catalogue(unittest.TestCase):
    def test_operations_have_their_facts(self) -> None:
        operations = {op.name: op for op in mosaic.operations()}
        op = operations["git.get_repository"]
        self.assertEqual((op.service, op.method, op.effect), ("git", "get_repository", "read"))
        self.assertEqual((op.stream, op.ttl, op.cost), (False, 60, 1))
        self.assertEqual(op.doc, "Fetch one repository.")
        self.assertEqual(repr(op), "Operation('git.get_repository', effect='read')")
        self.assertTrue(operations["cicd.job_log"].stream)
        with self.assertRaises(AttributeError):
            op.name = "other"  # type: ignore[misc]

    def test_every_operation_has_schemas(self) -> None:
        for op in mosaic.operations():
            schemas = mosaic.schema(op.name)
            self.assertEqual(set(schemas), {"params", "output"})
            self.assertEqual(schemas["params"]["type"], "object")
            self.assertIs(schemas["params"]["additionalProperties"], False)

    def test_numbers_stay_numbers(self) -> None:
        limit = mosaic.schema("git.list_branches")["params"]["$defs"]["PageRequest"]["properties"]["limit"]
        self.assertEqual((limit["minimum"], limit["maximum"], type(limit["maximum"])), (1, 100, int))


class Errors(unittest.TestCase):
    def test_an_unknown_operation_is_invalid(self) -> None:
        with self.assertRaises(mosaic.Invalid) as raised:
            mosaic.schema("git.get_repositry")
        error = raised.exception
        self.assertIsInstance(error, mosaic.Error)
        self.assertEqual((error.kind, error.outcome, error.provider), ("invalid", "not_made", None))
        self.assertIn("git.get_repository", str(error))
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), str(again), again.kind), (mosaic.Invalid, str(error), "invalid"))

    def test_every_kind_has_one_class_below_the_base(self) -> None:
        self.assertTrue(issubclass(mosaic.Error, Exception))
        kinds = {value.kind: value for value in vars(mosaic).values() if isinstance(value, type) and
                 issubclass(value, mosaic.Error) and value is not mosaic.Error}
        self.assertEqual(set(kinds), {sub.kind for sub in mosaic.Error.__subclasses__()})
        self.assertIs(kinds["not_found"], mosaic.NotFound)
        for kind, value in kinds.items():
            assert kind is not None
            self.assertEqual(value.__name__, "".join(word.capitalize() for word in kind.split("_")))
            self.assertEqual((value.__module__, value.__mro__[1]), ("mosaic", mosaic.Error))
            self.assertIn(kind, value.__doc__ or "")
            self.assertIsNone(value("made in Python").message)


class Package(unittest.TestCase):
    def test_the_stub_names_what_the_module_has(self) -> None:
        text = importlib.resources.files(mosaic).joinpath("_mosaic.pyi").read_text()
        named: set[str] = set()
        exported: set[str] = set()
        for node in ast.parse(text).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                named.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                named.add(node.target.id)
            elif isinstance(node, ast.Assign):
                exported.update(ast.literal_eval(node.value))
        # `_Schemas` only describes the dict that `schema` gives.
        self.assertEqual(named - {"_Schemas"}, set(_mosaic.__all__))
        self.assertEqual(exported, set(_mosaic.__all__))

    def test_everything_is_exported(self) -> None:
        self.assertEqual(set(mosaic.__all__), set(_mosaic.__all__))
        self.assertEqual([name for name in mosaic.__all__ if not hasattr(mosaic, name)], [])
        self.assertTrue(importlib.resources.files(mosaic).joinpath("py.typed").is_file())

    def test_the_examples_hold(self) -> None:
        self.assertEqual(doctest.testmod(mosaic).failed, 0)


if __name__ == "__main__":
    unittest.main()
