"""static/ and templates/ live at the top, where people look for them, and ship in the package."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["flask_analytics", "flask_analytics.*"]),
        "flask_analytics.static",
        "flask_analytics.templates",
    ],
    package_dir={
        "flask_analytics.static": "static",
        "flask_analytics.templates": "templates",
    },
    package_data={
        "flask_analytics": ["py.typed"],
        "flask_analytics.static": ["**/*"],
        "flask_analytics.templates": ["**/*"],
    },
    include_package_data=False,
)
