//! What a script takes from others, and what it gives them.

use oxc_ast::ast::{
    Declaration, ExportDefaultDeclarationKind, ExportSpecifier, ImportDeclaration,
    ImportDeclarationSpecifier, ModuleExportName, Statement,
};
use oxc_span::{GetSpan as _, Span};

use super::nodes::{Done, Nodes, Refused};
use super::words::{Field, Kind};

impl Nodes<'_> {
    pub(super) fn import(&mut self, it: &ImportDeclaration<'_>) -> Done {
        if it.phase.is_some() {
            return Err(Refused);
        }
        self.within(Kind::ImportStatement, Field::None, it.span, |nodes| {
            if let Some(all) = &it.specifiers {
                nodes.within(Kind::ImportClause, Field::None, it.span, |nodes| {
                    nodes.specifiers(it.span, all);
                    Ok(())
                })?;
            }
            nodes.leaf(Kind::Str, Field::Source, it.source.span);
            Ok(())
        })
    }

    pub(super) fn specifiers(&mut self, span: Span, all: &[ImportDeclarationSpecifier<'_>]) {
        let mut named = None;
        for one in all {
            match one {
                ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
                    self.leaf(Kind::Identifier, Field::None, it.local.span);
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => {
                    let at = self.open(Kind::NamespaceImport, Field::None, it.span);
                    self.leaf(Kind::Identifier, Field::None, it.local.span);
                    self.list.close(at);
                }
                ImportDeclarationSpecifier::ImportSpecifier(it) => {
                    named = named.or_else(|| Some(self.open(Kind::NamedImports, Field::None, span)));
                    let at = self.open(Kind::ImportSpecifier, Field::None, it.span);
                    self.export_name(&it.imported, Field::Name);
                    if it.imported.span() != it.local.span {
                        self.leaf(Kind::Identifier, Field::Alias, it.local.span);
                    }
                    self.list.close(at);
                }
            }
        }
        if let Some(at) = named {
            self.list.close(at);
        }
    }

    pub(super) fn export_clause(&mut self, span: Span, all: &[ExportSpecifier<'_>]) -> Done {
        self.within(Kind::ExportClause, Field::None, span, |nodes| {
            for one in all {
                let at = nodes.open(Kind::ExportSpecifier, Field::None, one.span);
                nodes.export_name(&one.local, Field::Name);
                if one.local.span() != one.exported.span() {
                    nodes.export_name(&one.exported, Field::Alias);
                }
                nodes.list.close(at);
            }
            Ok(())
        })
    }

    pub(super) fn export_name(&mut self, name: &ModuleExportName<'_>, field: Field) {
        let kind = match name {
            ModuleExportName::StringLiteral(_) => Kind::Str,
            _ => Kind::Identifier,
        };
        self.leaf(kind, field, name.span());
    }

    /// What others get.
    pub(super) fn export(&mut self, one: &Statement<'_>, field: Field) -> Done {
        match one {
            Statement::ExportAllDeclaration(it) => {
                self.within(Kind::ExportStatement, field, it.span, |nodes| {
                    if let Some(name) = &it.exported {
                        nodes.within(Kind::NamespaceExport, Field::None, name.span(), |nodes| {
                            nodes.export_name(name, Field::None);
                            Ok(())
                        })?;
                    }
                    nodes.leaf(Kind::Str, Field::Source, it.source.span);
                    Ok(())
                })
            }
            Statement::ExportDefaultDeclaration(it) => {
                self.within(Kind::ExportStatement, field, it.span, |nodes| {
                    nodes.sign(Kind::Default, Field::None, it.span);
                    match &it.declaration {
                        ExportDefaultDeclarationKind::FunctionDeclaration(it) => {
                            let named = it.id.is_some();
                            nodes.function(it, if named { Field::Declaration } else { Field::Value }, named)
                        }
                        ExportDefaultDeclarationKind::ClassDeclaration(it) => {
                            let named = it.id.is_some();
                            nodes.class(it, if named { Field::Declaration } else { Field::Value }, named)
                        }
                        ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => Err(Refused),
                        other => nodes.expr(other.to_expression(), Field::Value),
                    }
                })
            }
            Statement::ExportDeclaration(it) => {
                self.within(Kind::ExportStatement, field, it.span, |nodes| match &it.declaration {
                    Declaration::VariableDeclaration(it) => nodes.variables(it, Field::Declaration),
                    Declaration::FunctionDeclaration(it) => nodes.function(it, Field::Declaration, true),
                    Declaration::ClassDeclaration(it) => nodes.class(it, Field::Declaration, true),
                    _ => Err(Refused),
                })
            }
            Statement::ExportNamedDeclaration(it) => {
                self.within(Kind::ExportStatement, field, it.span, |nodes| {
                    nodes.export_clause(it.span, &it.specifiers)
                })
            }
            Statement::ExportFromDeclaration(it) => {
                self.within(Kind::ExportStatement, field, it.span, |nodes| {
                    nodes.export_clause(it.span, &it.specifiers)?;
                    nodes.leaf(Kind::Str, Field::Source, it.source.span);
                    Ok(())
                })
            }
            _ => Err(Refused),
        }
    }
}
