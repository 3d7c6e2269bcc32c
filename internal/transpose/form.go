package transpose

import (
	"path"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// actions are the words for the forms of an image, of an action and of a type; all of Airship's
// documents together have used every one.
var actions = map[string]string{
	"iso": v1alpha1.ActionBuildISO, v1alpha1.ActionBuildISO: v1alpha1.ActionBuildISO,
	"qcow": v1alpha1.ActionBuildQcow2, "qcow2": v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildQcow2: v1alpha1.ActionBuildQcow2,
	"rootfs": v1alpha1.ActionBuildRoot, v1alpha1.ActionBuildRoot: v1alpha1.ActionBuildRoot,
}

// forms are the words that a mistake lists.
var forms = []string{
	"iso", "qcow", "rootfs",
	v1alpha1.ActionBuildISO, v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildRoot,
}

// endings are the file names that tell a form.
var endings = map[string]string{
	".iso": v1alpha1.ActionBuildISO, ".qcow2": v1alpha1.ActionBuildQcow2, ".qcow": v1alpha1.ActionBuildQcow2,
}

// ending is the form that a file name tells; empty where it tells none.
func ending(name *tree.Node) string {
	return endings[strings.ToLower(path.Ext(name.String()))]
}

// action is a word for a form as an action, at the word's place; nil where it is missing, and where
// it is none of them, which is reported.
func action(word *tree.Node, r *tree.Report) *tree.Node {
	name := text(word, r)
	if name == "" {
		return nil
	}
	if actions[name] == "" {
		r.Mistake(word.Place, "unknown form of an image %s%s", mistake.Word(name), mistake.Suggest(name, forms))
		return nil
	}
	return tree.Text(actions[name], word.Place)
}

// oneAction is the action that every word there is for it names, an ISO's where there is none: what
// Airship's own image builder makes. The output's name is asked before that.
func oneAction(words []*tree.Node, output *tree.Node, at tree.Place, r *tree.Report) *tree.Node {
	var chosen *tree.Node
	for _, word := range words {
		switch one := action(word, r); {
		case one == nil:
		case chosen == nil:
			chosen = one
		case chosen.Value != one.Value:
			r.Mistake(one.Place, "means %s, and %s means %s; give one", one.Value, where(chosen.Place), chosen.Value)
		}
	}
	told := ending(output)
	switch {
	case chosen == nil && told != "":
		return tree.Text(told, output.Place)
	case chosen == nil:
		return tree.Text(v1alpha1.ActionBuildISO, at)
	case told != "" && told != chosen.Value:
		r.Warn(output.Place, "has the name of another form than %s, which is built", chosen.Value)
	}
	return chosen
}

// oneName is the output's name, which may be written in several places of a document; nil where it is
// in none.
func oneName(names []*tree.Node, r *tree.Report) *tree.Node {
	names = slices.DeleteFunc(slices.Clone(names), (*tree.Node).IsNull)
	if len(names) == 0 {
		return nil
	}
	for _, other := range names[1:] {
		if !same(names[0], other) {
			r.Mistake(other.Place, "names another output file than %s; give one", where(names[0].Place))
		}
	}
	return names[0]
}
