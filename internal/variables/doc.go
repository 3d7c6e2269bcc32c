// Package variables turns profiles into the variables that Airship's Ansible roles read, and back.
//
// A resolved NodeProfile goes in and variables come out, all of them or a role's; a role's vars file
// goes in and a NodeProfile's spec comes out. It holds the profiles that are built in, too.
package variables
